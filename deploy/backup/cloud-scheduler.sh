#!/usr/bin/env bash
# An example for Google Cloud: a Cloud SQL store with backups of its own, and a nightly dump that is restored and checked. Read it,
# set the names, and run it once; every command is an upsert or says that the thing is there.
set -euo pipefail

: "${PROJECT:?}" "${REGION:?}" "${SQL_INSTANCE:?}" "${BUCKET:?}"
: "${IMAGE:?an image with ruvector-service, postgresql-client and deploy/backup/postgres-nightly}"
job=ruvector-backup
runner=ruvector-backup@$PROJECT.iam.gserviceaccount.com   # cloudsql.client, secretAccessor, objectCreator on the bucket
caller=ruvector-scheduler@$PROJECT.iam.gserviceaccount.com # run.invoker on the job, nothing else

# 1. The provider's own backups, with the write-ahead log: any moment of the last week.
gcloud sql instances patch "$SQL_INSTANCE" --project="$PROJECT" --quiet \
  --backup-start-time=02:00 --retained-backups-count=14 \
  --enable-point-in-time-recovery --retained-transaction-log-days=7

# 2. A dump outside the instance, that survives the instance's deletion. The bucket should have a retention policy.
gcloud run jobs deploy "$job" --project="$PROJECT" --region="$REGION" --image="$IMAGE" \
  --command=postgres-nightly --max-retries=1 --task-timeout=2h --service-account="$runner" \
  --set-cloudsql-instances="$PROJECT:$REGION:$SQL_INSTANCE" \
  --set-secrets=RUVECTOR_DATABASE_URL=ruvector-database-url:latest,SCRATCH_DATABASE_URL=ruvector-scratch-url:latest \
  --set-env-vars=BACKUP_DIR=/backups \
  --add-volume="name=backups,type=cloud-storage,bucket=$BUCKET" \
  --add-volume-mount=volume=backups,mount-path=/backups

# 3. Every night; a run that is missed or fails shows as a failed execution: alert on it.
verb=create
gcloud scheduler jobs describe "$job" --project="$PROJECT" --location="$REGION" >/dev/null 2>&1 && verb=update
gcloud scheduler jobs "$verb" http "$job" --project="$PROJECT" --location="$REGION" \
  --schedule='30 2 * * *' --time-zone=Etc/UTC --attempt-deadline=60s --max-retry-attempts=3 \
  --http-method=POST --oauth-service-account-email="$caller" \
  --uri="https://run.googleapis.com/v2/projects/$PROJECT/locations/$REGION/jobs/$job:run"
