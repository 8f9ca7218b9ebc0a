import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { listMySignIns } from "@/api/account";
import type { OrganisationPatch, TenantSettings } from "@/api/organisation";
import { useRead } from "@/components/useRead";
import { useSubmit } from "@/components/useSubmit";
import { accessErrors, accessForm, accessSettings, shutsOut } from "./settingsForm";
import { SectionForm } from "@/components/SectionForm";

interface Props {
  settings: TenantSettings;
  canChange: boolean;
  onSave: (patch: OrganisationPatch, done: string) => Promise<void>;
}

export function AccessSettings({ settings, canChange, onSave }: Props) {
  const saved = accessForm(settings);
  const [form, setForm] = useState(saved);
  const { busy, problem, tried, run } = useSubmit();
  const { data: signIns } = useRead(listMySignIns);
  const own = signIns?.find(({ current }) => current)?.source_ip ?? null;
  const wrong = accessErrors(form);
  const shown = tried ? wrong : {};
  const out = canChange && shutsOut(form, own);
  const set = (change: Partial<typeof form>) => setForm((before) => ({ ...before, ...change }));
  return (
    <SectionForm
      title="Access"
      description="From where people and API keys may come, and how they get in. Agents of controllers are not bound by the allow list."
      save={
        canChange
          ? {
              changed: JSON.stringify(form) !== JSON.stringify(saved),
              busy,
              problem,
              run: () =>
                void run(
                  () => onSave({ settings: accessSettings(form) }, "The access settings were changed."),
                  Object.keys(wrong).length > 0,
                ),
              testId: "settings-save-access",
            }
          : undefined
      }
    >
      <FormField
        label="IP allow list"
        description={own ? `One network a line. You are at ${own}.` : "One network a line."}
        constraintText="Empty: everybody may come from anywhere. It holds from the next request on, also for those who are signed in."
        errorText={shown.networks ?? problem?.field("settings.ip_allow_list")}
      >
        <Textarea
          value={form.networks}
          rows={4}
          readOnly={!canChange}
          placeholder={"192.0.2.0/24\n2001:db8::/32"}
          spellcheck={false}
          onChange={({ detail }) => set({ networks: detail.value })}
          nativeTextareaAttributes={{ "data-testid": "settings-networks" }}
        />
      </FormField>
      {out && own && (
        <Alert
          type="warning"
          header="This list would shut you out"
          data-testid="settings-shut-out"
          action={
            <Button formAction="none" onClick={() => set({ networks: `${form.networks.trimEnd()}\n${own}`.trim() })}>
              Add my address
            </Button>
          }
        >
          Your own address, {own}, is not in it, so it would be refused.
        </Alert>
      )}
      <ColumnLayout columns={2} minColumnWidth={220}>
        <FormField
          label="Minimum password length"
          description="Holds for every password that is set from now on."
          errorText={shown.passwordLength ?? problem?.field("settings.password_min_length")}
        >
          <Input
            value={form.passwordLength}
            type="number"
            inputMode="numeric"
            readOnly={!canChange}
            onChange={({ detail }) => set({ passwordLength: detail.value })}
            nativeInputAttributes={{ "data-testid": "settings-password-length", min: 10, max: 128 }}
          />
        </FormField>
        <FormField
          label="Invitations last (days)"
          description="Counted from when they are sent."
          errorText={shown.invitationDays ?? problem?.field("settings.invitation_days")}
        >
          <Input
            value={form.invitationDays}
            type="number"
            inputMode="numeric"
            readOnly={!canChange}
            onChange={({ detail }) => set({ invitationDays: detail.value })}
            nativeInputAttributes={{ "data-testid": "settings-invitation-days", min: 1, max: 30 }}
          />
        </FormField>
      </ColumnLayout>
    </SectionForm>
  );
}
