"""The laptop: embedded PostgreSQL and an AWS-compatible server, on which `infra/template.yaml` is deployed and its functions run."""
