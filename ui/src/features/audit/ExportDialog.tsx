import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { exportAudit, type AuditExport } from "@/api/audit";
import { CommandBox } from "@/components/CommandBox";
import { ProblemAlert } from "@/components/ProblemAlert";
import { showBytes } from "@/components/quantities";
import { fullTime } from "@/components/time";
import { useSubmit } from "@/components/useSubmit";
import { timesOf, type Range } from "./auditQuery";
import { RangePicker } from "./RangePicker";

interface Props {
  range: Range;
  onClose: () => void;
}

export function ExportDialog({ range: initial, onClose }: Props) {
  const [range, setRange] = useState(initial);
  const [made, setMade] = useState<AuditExport | null>(null);
  const { busy, problem, run } = useSubmit();
  const create = () =>
    run(async () => {
      setMade(await exportAudit(timesOf(range, Date.now())));
    });
  return (
    <Modal
      visible
      size="large"
      header="Export the audit log"
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant={made ? "primary" : "link"} onClick={onClose}>
              {made ? "Done" : "Cancel"}
            </Button>
            {!made && (
              <Button variant="primary" loading={busy} onClick={() => void create()} data-testid="audit-export-create">
                Create export
              </Button>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert problem={problem} header="The export was not created" />
        {made ? (
          <Made made={made} />
        ) : (
          <SpaceBetween size="l">
            <Box>
              You get files of JSON lines, one sealed entry a line, each with the hash of the one before. Anybody can
              verify them without StreamSpace. Entries of the last minute may not be sealed yet and come with the next
              export.
            </Box>
            <FormField label="Time range" constraintText="Any time exports everything.">
              <RangePicker label="Time range to export" range={range} onChange={setRange} />
            </FormField>
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Modal>
  );
}

const place = ({ sequence, hash }: AuditExport["head"]) => `${sequence}:${hash}`;

function Made({ made: { files, after, head, complete } }: { made: AuditExport }) {
  if (files.length === 0) {
    return (
      <Alert type="info" header="There is nothing to export" data-testid="audit-export-empty">
        No sealed entry is in this time range.
      </Alert>
    );
  }
  const names = files.map(({ name }) => name).join(" ");
  const until = files[0]?.expires_at;
  return (
    <SpaceBetween size="l">
      {!complete && (
        <Alert type="warning" header="This is not all of it">
          Not every file was made in time. Create the export once more: what is made is kept, and the rest follows.
        </Alert>
      )}
      <SpaceBetween size="s">
        <Box variant="h3">1. Download {files.length === 1 ? "the file" : `all ${files.length} files`}</Box>
        <SpaceBetween size="xs">
          {files.map(({ name, first, last, bytes, url }) => (
            <div key={name}>
              <Button
                href={url}
                download={name}
                iconName="download"
                ariaLabel={`Download ${name}`}
                data-testid="audit-file"
              >
                {name}
              </Button>
              <Box color="text-body-secondary" fontSize="body-s" padding={{ top: "xxs" }}>
                Entries {first} to {last}, {showBytes(bytes)}
              </Box>
            </div>
          ))}
        </SpaceBetween>
        {until && (
          <Box color="text-body-secondary" fontSize="body-s">
            The links hold until {fullTime(until)}.
          </Box>
        )}
      </SpaceBetween>
      <SpaceBetween size="s">
        <Box variant="h3">2. Verify, on any machine with a checkout of StreamSpace</Box>
        <CommandBox
          command={`python -m infra.audit verify ${names}${after.sequence > 0 ? ` --after ${place(after)}` : ""} --head ${place(head)}`}
          testId="audit-verify-command"
        />
        <Box color="text-body-secondary" fontSize="body-s">
          The head is the number and hash of the last entry exported. Keep it somewhere else than the files: with it,
          not even the end can be cut off unnoticed. The command names the first entry that is wrong.
        </Box>
      </SpaceBetween>
    </SpaceBetween>
  );
}
