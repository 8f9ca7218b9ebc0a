"""The bucket of objects, as the code expects it: made here for the local stack and tests. The deployment's
template has the same (`infra/package/resources.py`)."""

from typing import Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.core.config import Config
from chalicelib.core.objects import TEMPORARY

DAYS_OF_TEMPORARY = 7


def create(settings: Config) -> None:
    """Private, encrypted and versioned. What is there already stays; its settings are made again."""
    client: Any = boto3.client("s3", region_name=settings.region)
    place = {"LocationConstraint": settings.region}
    elsewhere = {} if settings.region == "us-east-1" else {"CreateBucketConfiguration": place}
    try:
        client.create_bucket(Bucket=settings.bucket, **elsewhere)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise
    client.put_bucket_versioning(Bucket=settings.bucket, VersioningConfiguration={"Status": "Enabled"})
    client.put_bucket_lifecycle_configuration(
        Bucket=settings.bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "temporary",
                    "Status": "Enabled",
                    "Filter": {"Tag": {"Key": TEMPORARY, "Value": "true"}},
                    "Expiration": {"Days": DAYS_OF_TEMPORARY},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                }
            ]
        },
    )
