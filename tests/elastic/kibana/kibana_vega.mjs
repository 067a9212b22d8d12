// Draws one Vega panel to SVG: {spec, response, width, height, modules} on stdin, {svg, warnings} on stdout.
// As Kibana: `url` gives way to the response, which `format.property` then reads; kibanaAddFilter is known.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { spec, response, width, height, modules } = JSON.parse(readFileSync(0, "utf8"));
const vega = await import(pathToFileURL(`${modules}/vega/build/vega-node.js`).href);
const warnings = [];
const logger = vega.logger(vega.Warn);
logger.warn = (...words) => (warnings.push(words.join(" ")), logger);
logger.error = (...words) => (warnings.push(words.join(" ")), logger);

vega.expressionFunction("kibanaAddFilter", () => null);
for (const data of spec.data) {
  if (data.url) {
    delete data.url;
    data.values = response;
  }
}
const view = new vega.View(vega.parse({ ...spec, width, height, autosize: { type: "fit", contains: "padding" } }), {
  renderer: "none",
  logger,
});
await view.runAsync();
process.stdout.write(JSON.stringify({ svg: await view.toSVG(), warnings }));
