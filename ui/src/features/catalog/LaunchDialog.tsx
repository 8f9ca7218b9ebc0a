import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, type SyntheticEvent } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { createSession } from "@/api/sessions";
import type { Controller, Session, Template } from "@/api/types";
import { ProblemAlert } from "@/components/ProblemAlert";
import { showCpu, showMemory } from "@/components/quantities";
import { randomId } from "@/components/randomId";
import { TemplateIcon } from "@/components/TemplateIcon";
import { alsoTrue, stateLook, takesSessions } from "@/features/controllers/health";
import { placeName } from "@/features/controllers/platforms";
import { useQuotas } from "@/features/quotas/useQuotas";
import { exceeded } from "@/features/quotas/usage";
import styles from "./catalog.module.css";
import { AUTOMATIC, errors, initial, request, wanted, type LaunchForm } from "./launch";

interface Props {
  template: Template;
  controllers: readonly Controller[];
  onCancel: () => void;
  onLaunched: (session: Session) => void;
}

const AUTOMATIC_OPTION = { value: AUTOMATIC, label: "Automatic", description: "The best suited controller with room" };

export function LaunchDialog({ template, controllers, onCancel, onLaunched }: Props) {
  const [form, setForm] = useState<LaunchForm>(() => initial(template));
  const [key, setKey] = useState(randomId);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const quotas = useQuotas(template.id);
  const wrong = errors(form);
  const shown = tried ? wrong : {};
  const beyond = Object.keys(wrong).length === 0 ? exceeded(quotas, wanted(template, form)) : [];

  const set = (change: Partial<LaunchForm>) => setForm((before) => ({ ...before, ...change }));
  const launch = async () => {
    setTried(true);
    if (busy || Object.keys(wrong).length > 0) return;
    performance.mark("streamspace:launch-click");
    setBusy(true);
    setProblem(null);
    try {
      onLaunched(await createSession(request(template, form), key));
    } catch (error) {
      const found = asProblem(error);
      // A refused launch will be another request next time; an unanswered one must stay the same.
      if (!found.temporary) setKey(randomId());
      setProblem(found);
      setBusy(false);
    }
  };

  return (
    <Modal
      visible
      header={
        <span className={styles.launching}>
          <TemplateIcon icon={template.icon} name={template.name} size={32} />
          Launch {template.name}
        </span>
      }
      closeAriaLabel="Close"
      onDismiss={onCancel}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onCancel}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} onClick={() => void launch()} data-testid="launch-submit">
              Launch
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          void launch();
        }}
      >
        <SpaceBetween size="l">
          <ProblemAlert problem={problem} header="The session was not created" />
          <FormField label={<Optional>Name</Optional>} errorText={shown.name ?? problem?.field("name")}>
            <Input
              value={form.name}
              placeholder={template.name}
              onChange={({ detail }) => set({ name: detail.value })}
              nativeInputAttributes={{ "data-testid": "launch-name" }}
            />
          </FormField>
          <ColumnLayout columns={2}>
            <FormField
              label="CPU (cores)"
              constraintText={`Template: ${showCpu(template.resources.cpu)}`}
              errorText={shown.cores ?? problem?.field("resources.cpu")}
            >
              <Input
                value={form.cores}
                type="number"
                inputMode="decimal"
                step={0.5}
                onChange={({ detail }) => set({ cores: detail.value })}
                nativeInputAttributes={{ "data-testid": "launch-cpu" }}
              />
            </FormField>
            <FormField
              label="Memory (GiB)"
              constraintText={`Template: ${showMemory(template.resources.memory)}`}
              errorText={shown.gigabytes ?? problem?.field("resources.memory")}
            >
              <Input
                value={form.gigabytes}
                type="number"
                inputMode="decimal"
                step={0.5}
                onChange={({ detail }) => set({ gigabytes: detail.value })}
                nativeInputAttributes={{ "data-testid": "launch-memory" }}
              />
            </FormField>
          </ColumnLayout>
          {controllers.length > 0 && (
            <ControllerChoice
              controllers={controllers}
              value={form.controllerId}
              errorText={problem?.field("controller_id")}
              onChange={(controllerId) => set({ controllerId })}
            />
          )}
          {beyond.length > 0 && (
            <Alert type="warning" header="This goes beyond a quota" data-testid="quota-warning">
              {beyond.join(". ")}.
            </Alert>
          )}
        </SpaceBetween>
      </form>
    </Modal>
  );
}

interface ChoiceProps {
  controllers: readonly Controller[];
  value: string;
  errorText: string | undefined;
  onChange: (id: string) => void;
}

function ControllerChoice({ controllers, value, errorText, onChange }: ChoiceProps) {
  const options = [
    AUTOMATIC_OPTION,
    ...controllers.map((controller) => ({
      value: controller.id,
      label: controller.name,
      description: [placeName(controller.platform), stateLook(controller).label, alsoTrue(controller)]
        .filter(Boolean)
        .join(", ")
        .toLowerCase(),
      disabled: !takesSessions(controller),
    })),
  ];
  return (
    <FormField label="Controller" errorText={errorText}>
      <Select
        selectedOption={options.find((option) => option.value === value) ?? AUTOMATIC_OPTION}
        options={options}
        onChange={({ detail }) => onChange(detail.selectedOption.value ?? AUTOMATIC)}
        expandToViewport
        data-testid="launch-controller"
      />
    </FormField>
  );
}

function Optional({ children }: { children: string }) {
  return (
    <span>
      {children} <i>– optional</i>
    </span>
  );
}
