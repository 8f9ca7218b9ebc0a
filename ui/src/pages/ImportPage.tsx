import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router";
import { runImport } from "@/api/imports";
import { listMembers } from "@/api/members";
import type { ImportReport } from "@/api/types";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { useSubmit } from "@/components/useSubmit";
import { useCan } from "@/features/account/AccountProvider";
import { useTemplates } from "@/features/catalog/useTemplates";
import { EMPTY, failed, request, wrongWith, type ImportForm as Form } from "@/features/imports/asking";
import { ImportForm } from "@/features/imports/ImportForm";
import { ReportList } from "@/features/imports/ReportList";

export default function ImportPage() {
  const navigate = useNavigate();
  const { templates } = useTemplates();
  const members = useRead(() => listMembers("person"), useCan("users:read") ? "" : null);
  const [form, setForm] = useState<Form>(EMPTY);
  const [report, setReport] = useState<ImportReport | null>(null);
  const [reported, setReported] = useState<Form | null>(null);
  const [pressed, setPressed] = useState<"trial" | "import">("trial");
  const submit = useSubmit();

  const run = (trial: boolean) => {
    setPressed(trial ? "trial" : "import");
    const work = async () => {
      setReport(await runImport(request(form, trial)));
      setReported(form);
    };
    void submit.run(work, wrongWith(form) !== null);
  };
  return (
    <SpaceBetween size="m">
      <BreadcrumbGroup
        items={[
          { text: "Catalog", href: "/catalog" },
          { text: "Import", href: "/catalog/import" },
        ]}
        onFollow={(event) => {
          event.preventDefault();
          void navigate(event.detail.href);
        }}
      />
      <ContentLayout
        header={
          <Header
            variant="h1"
            description="Templates and sessions of the original StreamSpace. Importing twice makes nothing twice."
          >
            Import
          </Header>
        }
      >
        <SpaceBetween size="l">
          <ProblemAlert problem={submit.problem} header={failed(pressed)} />
          <ImportForm
            form={form}
            report={report}
            templates={templates ?? []}
            members={members.data ?? []}
            busy={submit.busy ? pressed : null}
            tried={submit.tried}
            current={reported === form}
            onChange={(change) => setForm((before) => ({ ...before, ...change }))}
            onRun={run}
          />
          {report && <ReportList report={report} />}
        </SpaceBetween>
      </ContentLayout>
    </SpaceBetween>
  );
}
