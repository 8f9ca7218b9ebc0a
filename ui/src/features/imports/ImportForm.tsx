import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FileUpload from "@cloudscape-design/components/file-upload";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import type { ImportReport, Member, Template } from "@/api/types";
import { joined, tooLarge, worthwhile, wrongWith, type ImportForm as Form } from "./asking";
import { Questions } from "./Questions";

interface Props {
  form: Form;
  report: ImportReport | null;
  templates: readonly Template[];
  members: readonly Member[];
  /** Which button was pressed last. */
  busy: "trial" | "import" | null;
  tried: boolean;
  /** The report is about what the form says now. */
  current: boolean;
  onChange: (change: Partial<Form>) => void;
  onRun: (trial: boolean) => void;
}

const NO_IMAGE = { value: "-", label: "Leave its templates switched off" };
const NOBODY = { value: "-", label: "Leave their sessions out" };

/** What to import, and the decisions that only a person can take. */
export function ImportForm({ form, report, templates, members, busy, tried, current, onChange, onRun }: Props) {
  const [files, setFiles] = useState<File[]>([]);
  const wrong = tried ? wrongWith(form) : null;
  const images = [...new Set(templates.filter(({ enabled }) => enabled).map(({ image }) => image))].sort();
  return (
    <Container>
      <SpaceBetween size="l">
        <FormField
          label="Manifests"
          description="YAML of templates and sessions (stream.space/v1alpha1), any number of documents."
          stretch
          errorText={wrong}
        >
          <SpaceBetween size="s">
            <Textarea
              value={form.manifests}
              rows={12}
              spellcheck={false}
              placeholder={"apiVersion: stream.space/v1alpha1\nkind: Template\n…"}
              ariaLabel="Manifests"
              data-testid="import-text"
              onChange={({ detail }) => onChange({ manifests: detail.value })}
            />
            <FileUpload
              value={files}
              fileErrors={files.map(tooLarge)}
              multiple
              accept=".yaml,.yml"
              showFileSize
              i18nStrings={{
                uploadButtonText: (many) => (many ? "Choose files" : "Choose a file"),
                dropzoneText: () => "Drop files here",
                removeFileAriaLabel: (index) => `Remove file ${index + 1}`,
                errorIconAriaLabel: "Error",
              }}
              onChange={({ detail }) => {
                setFiles(detail.value);
                const readable = detail.value.filter((file) => tooLarge(file) === null);
                void Promise.all(readable.map((file) => file.text())).then((texts) =>
                  onChange({ manifests: joined(texts) }),
                );
              }}
            />
          </SpaceBetween>
        </FormField>
        <Checkbox
          checked={form.startHibernated}
          description="The old system's files stay where they are: a session that is imported begins with an empty home."
          onChange={({ detail }) => onChange({ startHibernated: detail.checked })}
        >
          Also start sessions that are hibernated there
        </Checkbox>
        {report && (
          <Questions
            what="Instead of the image"
            help="Images made for the original bring a web server of their own; sessions here need one that shows its screen by VNC."
            none={NO_IMAGE}
            unknown={report.unknown_images}
            answers={form.images}
            choices={images.map((image) => ({ value: image, label: image }))}
            testId="import-image"
            onChange={(chosen) => onChange({ images: chosen })}
          />
        )}
        {report && (
          <Questions
            what="Sessions of"
            help="Nobody here is known by this name."
            none={NOBODY}
            unknown={report.unknown_users}
            answers={form.users}
            choices={members
              .filter(({ kind }) => kind === "person")
              .map(({ email, name }) => ({ value: email, label: name, description: email }))}
            testId="import-user"
            onChange={(chosen) => onChange({ users: chosen })}
          />
        )}
        {report && current && worthwhile(report) && (
          <Alert type="info">Nothing was changed yet. Look through what would come of it, then import.</Alert>
        )}
        <SpaceBetween direction="horizontal" size="xs">
          <Button loading={busy === "trial"} disabled={busy !== null} onClick={() => onRun(true)} data-testid="import-try">
            See what would come of it
          </Button>
          <Button
            variant="primary"
            loading={busy === "import"}
            disabled={busy !== null || !current || !report || !worthwhile(report)}
            onClick={() => onRun(false)}
            data-testid="import-run"
          >
            Import
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  );
}
