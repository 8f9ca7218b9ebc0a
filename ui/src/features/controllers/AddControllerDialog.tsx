import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { createEnrollmentToken } from "@/api/controllers";
import { asProblem, type Problem } from "@/api/problem";
import type { Controller, EnrollmentToken } from "@/api/types";
import { ProblemAlert } from "@/components/ProblemAlert";
import { commandOf, formFor, formProblems, requestOf, type EnrolmentForm } from "./enrolment";
import { EnrolmentFields } from "./EnrolmentFields";
import { EnrolmentProgress } from "./EnrolmentProgress";
import { FIRST_PLATFORM, platformOf } from "./platforms";

interface Props {
  /** Set when agents are to join a controller that exists. */
  existing: Controller | null;
  onClose: () => void;
}

/** First what is to be added, then the one command that does it and what comes of it. */
export function AddControllerDialog({ existing, onClose }: Props) {
  const [form, setForm] = useState<EnrolmentForm>(() =>
    formFor(existing ? platformOf(existing.platform) : FIRST_PLATFORM, existing !== null),
  );
  const [token, setToken] = useState<EnrollmentToken | null>(null);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const wrong = formProblems(form);

  const create = async () => {
    setTried(true);
    if (busy || Object.keys(wrong).length > 0) return;
    setBusy(true);
    setProblem(null);
    try {
      setToken(await createEnrollmentToken(requestOf(form, existing?.id ?? null)));
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };

  return (
    <Modal
      visible
      size="large"
      header={existing ? `Add an agent to ${existing.name}` : "Add a controller"}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant={token ? "primary" : "link"} onClick={onClose} data-testid="add-controller-close">
              {token ? "Done" : "Cancel"}
            </Button>
            {!token && (
              <Button
                variant="primary"
                loading={busy}
                onClick={() => void create()}
                data-testid="add-controller-create"
              >
                Create command
              </Button>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert problem={problem} header="The enrolment token was not created" />
        {token ? (
          <EnrolmentProgress
            key={token.id}
            platform={form.platform}
            token={token}
            command={commandOf(form, token)}
            existing={existing}
            onAgain={() => setToken(null)}
          />
        ) : (
          <EnrolmentFields
            form={form}
            existing={existing}
            wrong={tried ? wrong : {}}
            problem={problem}
            onChange={(change) => setForm((before) => ({ ...before, ...change }))}
          />
        )}
      </SpaceBetween>
    </Modal>
  );
}
