import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import type { Problem } from "@/api/problem";

interface Props {
  problem: Problem | null;
  header?: string;
  onRetry?: () => void;
}

/** What went wrong with a call, in the server's words. */
export function ProblemAlert({ problem, header, onRetry }: Props) {
  if (!problem) return null;
  return (
    <Alert
      type="error"
      header={header}
      data-testid="problem"
      action={onRetry && <Button onClick={onRetry}>Retry</Button>}
    >
      {problem.message}
    </Alert>
  );
}
