import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import type { AuditHead } from "@/api/audit";
import { short } from "./words";

/** The end of the chain: what to keep elsewhere to notice later that something was cut off. */
export function Head({ head: { sequence, hash, unsealed } }: { head: AuditHead }) {
  return (
    <Box color="text-body-secondary" fontSize="body-s">
      <span data-testid="audit-head" data-sequence={sequence} data-hash={hash} data-unsealed={unsealed}>
        {sequence === 0 ? (
          "Nothing is sealed yet"
        ) : (
          <>
            {sequence} {sequence === 1 ? "entry" : "entries"} sealed, head{" "}
            <CopyToClipboard
              variant="inline"
              textToCopy={`${sequence}:${hash}`}
              textToDisplay={`${sequence}:${short(hash)}…`}
              copyButtonAriaLabel="Copy the head of the log"
              copySuccessText="Copied"
              copyErrorText="Could not be copied"
            />
          </>
        )}
        {unsealed > 0 && `, ${unsealed} not sealed yet`}
      </span>
    </Box>
  );
}
