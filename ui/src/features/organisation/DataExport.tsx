import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TenantExport } from "@/api/organisation";
import { Ago } from "@/components/Ago";
import { ProblemAlert } from "@/components/ProblemAlert";
import { showBytes } from "@/components/quantities";
import { useSubmit } from "@/components/useSubmit";
import { SectionForm } from "@/components/SectionForm";
import { useTenantExports } from "./useTenantExports";

const SHOWN = 5;

export function DataExport() {
  const { read, running, start } = useTenantExports();
  const { busy, problem, run } = useSubmit();
  const listed = (read.data ?? []).slice(0, SHOWN);
  return (
    <SectionForm
      title="Export of all data"
      description="Everything that StreamSpace keeps about your organisation, as compressed JSON lines. Secrets such as password and key hashes are left out."
    >
      <ProblemAlert problem={problem} header="The export was not started" />
      <ProblemAlert
        problem={read.problem}
        header="Earlier exports could not be read"
        onRetry={() => void read.reload()}
      />
      {listed.map((each) => (
        <Export key={each.id} export={each} />
      ))}
      <Button
        loading={busy}
        disabled={running !== null}
        disabledReason="An export is being made."
        onClick={() => void run(start)}
        data-testid="tenant-export-start"
      >
        Create export
      </Button>
    </SectionForm>
  );
}

function Export({ export: each }: { export: TenantExport }) {
  const { state, progress, created_at, finished_at, bytes, url, reason } = each;
  return (
    <div data-testid="tenant-export" data-state={state}>
      {state === "running" && <Progress progress={progress} created_at={created_at} />}
      {state === "failed" && (
        <Alert type="error" header="An export failed">
          {reason ?? "It could not be finished."} It was started <Ago time={created_at} />.
        </Alert>
      )}
      {state === "done" && (
        <SpaceBetween direction="horizontal" size="s" alignItems="center">
          <StatusIndicator type="success">
            Finished <Ago time={finished_at} />
          </StatusIndicator>
          <Box color="text-body-secondary">
            {progress.done} {progress.done === 1 ? "document" : "documents"}
            {bytes !== null && `, ${showBytes(bytes)}`}
          </Box>
          {url ? (
            <Button href={url} download iconName="download" data-testid="tenant-export-download">
              Download
            </Button>
          ) : (
            <Box color="text-body-secondary">No longer kept</Box>
          )}
        </SpaceBetween>
      )}
    </div>
  );
}

function Progress({ progress: { done, total }, created_at }: Pick<TenantExport, "progress" | "created_at">) {
  const words = total === null ? `${done} documents so far` : `${done} of ${total} documents`;
  if (total === null || total === 0) {
    return (
      <>
        <StatusIndicator type="in-progress">Exporting</StatusIndicator>
        <Box color="text-body-secondary" fontSize="body-s">
          {words}, started <Ago time={created_at} />
        </Box>
      </>
    );
  }
  return <ProgressBar value={Math.min(100, Math.round((done / total) * 100))} label="Exporting" description={words} />;
}
