"""The laptop: embedded PostgreSQL and an AWS-compatible server, where `infra/template.yaml` is deployed and runs."""
