"""Busybody for Elasticsearch and OpenSearch: a service that scores sign-ins on their way in or just after."""
