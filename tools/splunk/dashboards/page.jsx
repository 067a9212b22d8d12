// Draws one dashboard, exactly as it is shipped, with Splunk's own components. Searches go to `window.answer`.
import React from 'react';
import { createRoot } from 'react-dom/client';
import DashboardCore from '@splunk/dashboard-core';
import { DashboardContextProvider } from '@splunk/dashboard-context';
import { createSchemaBasedOnPresets } from '@splunk/dashboard-definition';
import { DashboardValidator } from '@splunk/dashboard-validation';
import EnterprisePreset from '@splunk/dashboard-presets/EnterprisePreset';
import EnterpriseViewOnlyPreset from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset';
import DataSource from '@splunk/datasources/DataSource';
import SplunkThemeProvider from '@splunk/themes/SplunkThemeProvider';

/** A search that the page's owner answers: window.answer(query, earliest, latest) -> {fields, columns} or {error}. */
class AnsweredSearch extends DataSource {
    static schema = EnterpriseViewOnlyPreset.dataSources['ds.search'].schema;

    static config = EnterpriseViewOnlyPreset.dataSources['ds.search'].config;

    base = null; // of a chained search: what it continues

    changed = false;

    query() {
        return this.base ? `${this.base.query} ${this.options.query}` : this.options.query;
    }

    range() {
        const { earliest = '0', latest = 'now' } = this.options.queryParameters ?? {};
        return this.base ? this.base.range : { earliest, latest };
    }

    request(params = {}) {
        return (observer) => {
            let wanted = !this.options.extend || this.base;
            if (wanted) {
                const { earliest, latest } = this.range();
                const meta = { sid: this.context.id, search: { query: this.query(), range: this.range() } };
                const { drawn } = window;
                window.asked += 1;
                window.answer(this.query(), earliest, latest).then((found) => {
                    if (drawn === window.drawn) { // and not for a dashboard that is gone
                        window.answered += 1;
                        window.latest = performance.now();
                    }
                    if (!wanted) {
                        return;
                    }
                    if (found.error) {
                        observer.error({ level: 'error', message: found.error, meta });
                        return;
                    }
                    const end = (params.offset ?? 0) + (params.count || Infinity);
                    const columns = found.columns.map((column) => column.slice(params.offset ?? 0, end));
                    observer.next({
                        data: { fields: found.fields, columns },
                        meta: { ...meta, status: 'done', percentComplete: 100, totalCount: found.columns[0]?.length ?? 0 },
                    });
                    observer.complete();
                });
            }
            return () => {
                wanted = false;
            };
        };
    }

    getObserver() {
        return {
            next: ({ meta }) => {
                this.changed = !this.base || this.base.query !== meta.search.query;
                this.base = meta.search;
            },
            error: () => {},
            complete: () => {},
        };
    }

    shouldRefreshSubscription() {
        return this.changed;
    }
}

const preset = {
    ...EnterpriseViewOnlyPreset,
    dataSources: { ...EnterpriseViewOnlyPreset.dataSources, 'ds.search': AnsweredSearch, 'ds.chain': AnsweredSearch },
};

/** What Splunk's own validator says of a definition: a list of errors, empty where it is right. */
window.validate = (definition) => {
    const validator = new DashboardValidator();
    validator.setSchema(createSchemaBasedOnPresets(EnterprisePreset));
    return validator.validate(definition);
};

/** Every option that the visualizations and inputs of a definition may have, by their type. */
window.optionsOf = () =>
    Object.fromEntries(
        Object.entries({ ...EnterprisePreset.visualizations, ...EnterprisePreset.inputs }).map(([type, component]) => {
            const schema = component.config?.optionsSchema ?? component.schema ?? {};
            return [type, schema.extend ? propertiesWithin(schema.extend) : Object.keys(schema)];
        }),
    );

/** The names of all properties that a JSON schema speaks of, in whichever of its branches. */
const propertiesWithin = (schema) =>
    schema && typeof schema === 'object'
        ? [...Object.keys(schema.properties ?? {}), ...Object.values(schema).flatMap(propertiesWithin)]
        : [];

let root = null;

window.draw = (definition, width, height) => {
    root?.unmount();
    root = createRoot(document.getElementById('dashboard'));
    Object.assign(window, { drawn: (window.drawn ?? 0) + 1, asked: 0, answered: 0, latest: performance.now() });
    root.render(
        <SplunkThemeProvider family="enterprise" colorScheme="dark" density="comfortable">
            <DashboardContextProvider preset={preset} initialDefinition={definition}>
                <DashboardCore width={width} height={height} />
            </DashboardContextProvider>
        </SplunkThemeProvider>,
    );
};
