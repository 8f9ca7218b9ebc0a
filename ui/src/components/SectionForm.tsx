import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode, SyntheticEvent } from "react";
import type { Problem } from "@/api/problem";
import { ProblemAlert } from "./ProblemAlert";

interface Props {
  title: string;
  description?: string;
  children: ReactNode;
  /** Absent: there is nothing to save, or not for this person. */
  save?: { changed: boolean; busy: boolean; problem: Problem | null; run: () => void; testId: string } | undefined;
}

/** One part of a page of settings, saved by itself. */
export function SectionForm({ title, description, children, save }: Props) {
  const body = (
    <Container
      header={
        <Header variant="h2" description={description}>
          {title}
        </Header>
      }
      footer={
        save && (
          <Button
            variant="primary"
            formAction="submit"
            disabled={!save.changed}
            disabledReason="Nothing was changed yet."
            loading={save.busy}
            ariaLabel={`Save: ${title}`}
            data-testid={save.testId}
          >
            Save
          </Button>
        )
      }
    >
      <SpaceBetween size="l">
        {save && <ProblemAlert problem={save.problem} header="Nothing was saved" />}
        {children}
      </SpaceBetween>
    </Container>
  );
  if (!save) return body;
  return (
    <form
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        if (save.changed) save.run();
      }}
    >
      {body}
    </form>
  );
}
