import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode, SyntheticEvent } from "react";
import type { Problem } from "@/api/problem";
import { ProblemAlert } from "./ProblemAlert";

interface Props {
  header: string;
  submit: string;
  busy: boolean;
  problem: Problem | null;
  /** What the problem means here: "The group was not created". */
  failure: string;
  size?: "medium" | "large";
  disabled?: boolean;
  testId: string;
  onSubmit: () => void;
  onCancel: () => void;
  children: ReactNode;
}

/** A dialog that asks for something and does it. Enter submits; a refusal stays in it. */
export function FormDialog(props: Props) {
  const { header, submit, busy, problem, failure, size = "medium", disabled = false, testId } = props;
  return (
    <Modal
      visible
      size={size}
      header={header}
      closeAriaLabel="Close"
      onDismiss={props.onCancel}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={props.onCancel}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} disabled={disabled} onClick={props.onSubmit} data-testid={testId}>
              {submit}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          if (!disabled) props.onSubmit();
        }}
      >
        <SpaceBetween size="l">
          <ProblemAlert problem={problem} header={failure} />
          {props.children}
        </SpaceBetween>
        <input type="submit" hidden />
      </form>
    </Modal>
  );
}
