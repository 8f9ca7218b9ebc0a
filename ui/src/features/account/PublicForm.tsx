import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode, SyntheticEvent } from "react";
import type { Problem } from "@/api/problem";
import { ProblemAlert } from "@/components/ProblemAlert";
import { BackToSignIn } from "./OtherWays";

interface Props {
  submit: string;
  busy: boolean;
  problem: Problem | null;
  onSubmit: () => void;
  children: ReactNode;
  /** Where a way back to the sign-in form makes sense. */
  back?: boolean;
}

/** A form on the sign-in side of the house. */
export function PublicForm({ submit, busy, problem, onSubmit, children, back = true }: Props) {
  return (
    <form
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <SpaceBetween size="l">
        <ProblemAlert problem={problem} />
        {children}
        <Button variant="primary" formAction="submit" fullWidth loading={busy} data-testid="submit">
          {submit}
        </Button>
        {back && <BackToSignIn />}
      </SpaceBetween>
    </form>
  );
}
