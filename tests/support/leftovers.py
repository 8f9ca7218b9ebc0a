"""What is kept of a tenant anywhere: every table, every bucket, every queue, by brute force."""

import gzip
import json
import re
from dataclasses import dataclass, field
from typing import Any

import boto3

_ID = re.compile(r"[a-z]{3}-[0-9a-hjkmnp-tv-z]{26}")


def tables() -> dict[str, list[str]]:
    """Every item of every table, as text."""
    dynamodb = boto3.client("dynamodb")
    names = [name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]]
    return {
        name: [
            json.dumps(item, sort_keys=True, default=str)
            for page in dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
            for item in page["Items"]
        ]
        for name in names
    }


def objects() -> dict[str, str]:
    """Every object of every bucket, old versions too: where it is, and what it says."""
    s3 = boto3.client("s3")
    found = {}
    for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                where = f"{bucket}/{each['Key']}@{each['VersionId']}"
                found[where] = _text(s3, bucket, each)
    return found


def _text(s3: Any, bucket: str, version: dict[str, Any]) -> str:
    if "Size" not in version:
        return ""
    body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
    if body.startswith(b"\x1f\x8b"):
        body = gzip.decompress(body)
    return str(body.decode(errors="replace"))


def queues() -> list[str]:
    """The name of every queue."""
    sqs = boto3.client("sqs")
    return [url.rsplit("/", 1)[1] for url in sqs.list_queues(MaxResults=1000).get("QueueUrls", [])]


@dataclass
class Traces:
    """What would give a tenant away: its own id and slug, and the ids of all that is its."""

    names: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, tenant_id: str, *more: str, foreign: tuple[str, ...] = ()) -> "Traces":
        """Ids that occur in rows which name the tenant, and so on from those. `foreign` tenants' are not."""
        rows = [row for listed in tables().values() for row in listed]
        theirs = {name for row in rows if any(each in row for each in foreign) for name in _ID.findall(row)}
        known = {tenant_id, *more}
        while True:
            grown = (
                known
                | {name for row in rows if any(each in row for each in known) for name in _ID.findall(row)}
                - theirs
            )
            if grown == known:
                break
            known = grown
        # An API key and its row carry the bare ULID.
        return cls(known | {name[4:] for name in known if _ID.fullmatch(name)})

    def left(self) -> list[str]:
        """Where any of them is still to be found."""
        found = [f"{table}: {row[:300]}" for table, rows in tables().items() for row in rows if self._in(row)]
        found += [where for where, text in objects().items() if self._in(where) or self._in(text)]
        return found + [f"queue {name}" for name in queues() if self._in(name)]

    def tables(self) -> set[str]:
        """Tables that hold any of them."""
        return {table for table, rows in tables().items() if any(map(self._in, rows))}

    def _in(self, text: str) -> bool:
        return any(name in text for name in self.names)


def of_tenant(tenant_id: str) -> list[str]:
    """All rows, objects and queues' names of a tenant that is to stay as it is."""
    rows = [row for listed in tables().values() for row in listed if tenant_id in row]
    return sorted(rows + [f"{where} {text}" for where, text in objects().items() if tenant_id in where])
