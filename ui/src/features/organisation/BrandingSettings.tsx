import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FileUpload from "@cloudscape-design/components/file-upload";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Branding, OrganisationPatch } from "@/api/organisation";
import { useSubmit } from "@/components/useSubmit";
import { rgb } from "@/features/branding/contrast";
import { AccentPreview } from "./AccentPreview";
import { logoOf } from "./logo";
import styles from "./organisation.module.css";
import { SectionForm } from "@/components/SectionForm";

interface Props {
  branding: Branding;
  canChange: boolean;
  onSave: (patch: OrganisationPatch, done: string) => Promise<void>;
}

/** What the colour chooser shows while no colour is chosen. */
const OURS = "#006ce0";

export function BrandingSettings({ branding: saved, canChange, onSave }: Props) {
  const [accent, setAccent] = useState(saved.accent ?? "");
  const [logo, setLogo] = useState(saved.logo);
  const { busy, problem, run } = useSubmit();
  const typed = accent.trim().toLowerCase();
  const wrong = typed !== "" && !rgb(typed);
  const branding: Partial<Branding> = {
    ...(typed === (saved.accent ?? "") ? {} : { accent: typed || null }),
    ...(logo === saved.logo ? {} : { logo }),
  };
  return (
    <SectionForm
      title="Branding"
      description="Your logo in the bar at the top, your colour on buttons and links."
      save={
        canChange
          ? {
              changed: Object.keys(branding).length > 0,
              busy,
              problem,
              run: () => void run(() => onSave({ branding }, "The branding was changed."), wrong),
              testId: "settings-save-branding",
            }
          : undefined
      }
    >
      <FormField
        label="Accent colour"
        constraintText="Six hexadecimal digits, such as #7c3aed. Empty: StreamSpace's blue."
        errorText={wrong ? "Use a colour such as #7c3aed." : problem?.field("branding.accent")}
      >
        <div className={styles.colour}>
          <input
            type="color"
            className={styles.swatch}
            aria-label="Choose the accent colour"
            value={rgb(typed) ? typed : OURS}
            disabled={!canChange}
            onChange={(event) => setAccent(event.target.value)}
          />
          <Input
            value={accent}
            placeholder={OURS}
            readOnly={!canChange}
            onChange={({ detail }) => setAccent(detail.value)}
            nativeInputAttributes={{ "data-testid": "settings-accent", maxLength: 7 }}
          />
          {canChange && accent !== "" && (
            <Button
              formAction="none"
              variant="inline-link"
              onClick={() => setAccent("")}
              ariaLabel="Remove the accent colour"
            >
              Remove
            </Button>
          )}
        </div>
      </FormField>
      {rgb(typed) && <AccentPreview accent={typed} />}
      <LogoField logo={logo} canChange={canChange} errorText={problem?.field("branding.logo")} onChange={setLogo} />
    </SectionForm>
  );
}

interface LogoProps {
  logo: string | null;
  canChange: boolean;
  errorText: string | undefined;
  onChange: (logo: string | null) => void;
}

function LogoField({ logo, canChange, errorText, onChange }: LogoProps) {
  const [wrong, setWrong] = useState<string | null>(null);
  const choose = async (file: File | undefined) => {
    if (!file) return;
    const read = logoOf(new Uint8Array(await file.arrayBuffer()));
    if ("url" in read) onChange(read.url);
    setWrong("problem" in read ? read.problem : null);
  };
  return (
    <FormField
      label="Logo"
      constraintText="PNG, JPEG or WebP of at most 64 KiB. It is shown 32 pixels high at most, on a dark bar."
      errorText={wrong ?? errorText}
    >
      <SpaceBetween size="s">
        {logo ? (
          <SpaceBetween direction="horizontal" size="s" alignItems="center">
            <img
              src={logo}
              alt="The organisation's logo"
              className={styles.logo}
              data-ground="bar"
              data-testid="logo-preview"
            />
            {canChange && (
              <Button
                formAction="none"
                variant="inline-link"
                ariaLabel="Remove the logo"
                onClick={() => onChange(null)}
              >
                Remove
              </Button>
            )}
          </SpaceBetween>
        ) : (
          <Box color="text-body-secondary">No logo: StreamSpace&apos;s own is shown.</Box>
        )}
        {canChange && (
          <span data-testid="settings-logo">
            <FileUpload
              value={[]}
              accept="image/png,image/jpeg,image/webp"
              onChange={({ detail }) => void choose(detail.value[0])}
              i18nStrings={{
                uploadButtonText: () => (logo ? "Choose another file" : "Choose a file"),
                dropzoneText: () => "Drop the logo here",
                removeFileAriaLabel: (index) => `Remove file ${index + 1}`,
                limitShowFewer: "Show fewer files",
                limitShowMore: "Show more files",
                errorIconAriaLabel: "Error",
              }}
            />
          </span>
        )}
      </SpaceBetween>
    </FormField>
  );
}
