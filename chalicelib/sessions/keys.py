"""Idempotency keys and suspects on DynamoDB."""

from datetime import datetime

from pynamodb.exceptions import DoesNotExist

from chalicelib.core.clock import epoch_millis, from_millis
from chalicelib.core.dynamo import Put, write
from chalicelib.core.unit_of_work import Write
from chalicelib.sessions.row_models import RequestKeyRow, SuspectsRow
from chalicelib.sessions.store import Remembered


class DynamoKeyStore:
    """`KeyStore` on PynamoDB."""

    def recall(self, tenant_id: str, key: str) -> Remembered | None:
        try:
            row = RequestKeyRow.get(tenant_id, key, consistent_read=True)
        except DoesNotExist:
            return None
        return Remembered(row.session_id, row.fingerprint)

    def remember(self, tenant_id: str, key: str, request: Remembered, until: datetime) -> Write:
        row = RequestKeyRow(
            tenant_id, key, session_id=request.session_id, fingerprint=request.fingerprint, ttl=until
        )
        return write(Put(row, RequestKeyRow.key.does_not_exist()))


class DynamoSuspectStore:
    """`SuspectStore` on PynamoDB."""

    def suspects(self, tenant_id: str, controller_id: str) -> dict[str, datetime]:
        try:
            row = SuspectsRow.get(tenant_id, controller_id, consistent_read=True)
        except DoesNotExist:
            return {}
        return {instance: from_millis(since) for instance, since in row.suspects.items()}

    def suspect(self, tenant_id: str, controller_id: str, suspects: dict[str, datetime]) -> Write:
        stored = {instance: epoch_millis(since) for instance, since in suspects.items()}
        return write(Put(SuspectsRow(tenant_id, controller_id, suspects=stored)))
