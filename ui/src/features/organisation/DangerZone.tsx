import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { Organisation } from "@/api/organisation";
import { DeleteDialog } from "./DeleteDialog";
import { SectionForm } from "@/components/SectionForm";

export function DangerZone({ organisation }: { organisation: Organisation }) {
  const [asking, setAsking] = useState(false);
  return (
    <SectionForm
      title="Delete the organisation"
      description="Ends every session and erases all of the organisation's data, for good."
    >
      <Box color="text-body-secondary">
        Consider an export of all data first. Controllers stop serving you; what runs on your own machines besides
        sessions is not touched.
      </Box>
      <Button onClick={() => setAsking(true)} data-testid="delete-organisation">
        Delete the organisation…
      </Button>
      {asking && <DeleteDialog organisation={organisation} onClose={() => setAsking(false)} />}
    </SectionForm>
  );
}
