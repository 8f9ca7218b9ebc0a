import type { ReactNode } from "react";
import { FormDialog } from "./FormDialog";
import { useSubmit } from "./useSubmit";

interface Props {
  header: string;
  confirm: string;
  failure: string;
  testId: string;
  onConfirm: () => Promise<void>;
  onCancel: () => void;
  /** What follows from it. */
  children: ReactNode;
}

/** Asks once more before something that cannot simply be taken back, and says what follows from it. */
export function ConfirmDialog({ header, confirm, failure, testId, onConfirm, onCancel, children }: Props) {
  const { busy, problem, run } = useSubmit();
  return (
    <FormDialog
      header={header}
      submit={confirm}
      busy={busy}
      problem={problem}
      failure={failure}
      testId={testId}
      onCancel={onCancel}
      onSubmit={() => void run(onConfirm)}
    >
      {children}
    </FormDialog>
  );
}
