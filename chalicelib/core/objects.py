"""Objects: files that are too large for rows, such as exports. S3, in one private bucket.

Keys begin with the tenant's id and a slash, so that a tenant's objects are listed and removed by that prefix;
while the running code is confined to a tenant (`core/confinement.py`) no other key is taken. People get
objects by links that expire.
"""

from functools import cached_property
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import ClientError

from chalicelib.core.config import Config
from chalicelib.core.confinement import confinement

TEMPORARY = "temporary"
"""The tag of objects that the bucket's lifecycle removes after a week."""
_AT_ONCE = 1000
"""Objects that S3 lists or removes in one call."""
_MISSING = frozenset({"NoSuchKey", "404"})


class ObjectStore:
    """The bucket of the deployment. Clients are made at first use."""

    def __init__(self, settings: Config) -> None:
        self._settings = settings

    def put(self, key: str, body: bytes, content_type: str, *, temporary: bool = False) -> None:
        """Write a whole object; it replaces what is there. `temporary` ones go after a week."""
        tag = f"{TEMPORARY}=true" if temporary else ""
        self._client.put_object(
            Bucket=self._bucket, Key=_own(key), Body=body, ContentType=content_type, Tagging=tag
        )

    def read(self, key: str) -> bytes:
        """Raises KeyError when there is no such object."""
        try:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=_own(key))["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                raise KeyError(key) from None
            raise
        return body

    def link(self, key: str, seconds: int, filename: str) -> str:
        """A URL at which anybody who has it gets the object, as a file of that name, for so long."""
        url: str = self._signer.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": _own(key),
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=seconds,
        )
        if self._settings.bucket_endpoint is None:
            return url
        # What is signed is S3's own path; a public base with a path of its own is a forwarder that drops it.
        parts = urlsplit(url)
        base = urlsplit(self._settings.bucket_endpoint).path.rstrip("/")
        return urlunsplit(parts._replace(path=base + parts.path))

    def keys(self, prefix: str) -> list[str]:
        """Keys that begin so, in order."""
        return list(self.sizes(prefix))

    def sizes(self, prefix: str) -> dict[str, int]:
        """Keys that begin so, with the objects' bytes."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=_own(prefix)
        )
        return {each["Key"]: int(each["Size"]) for page in pages for each in page.get("Contents", ())}

    def remove(self, prefix: str) -> int:
        """Remove up to a thousand objects (and older versions of them) whose keys begin so; how many. Call
        again until it is none."""
        page = self._client.list_object_versions(Bucket=self._bucket, Prefix=_own(prefix), MaxKeys=_AT_ONCE)
        found = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if found:
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": found, "Quiet": True}
            )
            if answer.get("Errors"):
                raise RuntimeError(f"{len(answer['Errors'])} objects were not removed")
        return len(found)

    @property
    def _bucket(self) -> str:
        return self._settings.bucket

    @cached_property
    def _client(self) -> Any:
        return self._make(None)

    @cached_property
    def _signer(self) -> Any:
        endpoint = self._settings.bucket_endpoint
        return self._make(None if endpoint is None else urlunsplit((*urlsplit(endpoint)[:2], "", "", "")))

    def _make(self, endpoint: str | None) -> Any:
        style: Any = {} if endpoint is None else {"addressing_style": "path"}
        settings = ClientConfig(
            signature_version="s3v4",
            s3=style,
            connect_timeout=2,
            read_timeout=10,
            retries={"total_max_attempts": 3},
        )
        return boto3.client("s3", region_name=self._settings.region, endpoint_url=endpoint, config=settings)


def _own(key: str) -> str:
    tenant_id = confinement()
    if not key or (tenant_id is not None and not key.startswith(f"{tenant_id}/")):
        raise ValueError("the key is not of the tenant that this request is confined to")
    return key
