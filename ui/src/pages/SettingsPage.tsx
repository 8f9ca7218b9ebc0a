import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { changeOrganisation, getOrganisation, type OrganisationPatch } from "@/api/organisation";
import { English } from "@/components/English";
import { useFlash } from "@/components/Flash";
import { Loading } from "@/components/Loading";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { useAccount, useCan } from "@/features/account/AccountProvider";
import { AccessSettings } from "@/features/organisation/AccessSettings";
import { BrandingSettings } from "@/features/organisation/BrandingSettings";
import { DangerZone } from "@/features/organisation/DangerZone";
import { DataExport } from "@/features/organisation/DataExport";
import { GeneralSettings } from "@/features/organisation/GeneralSettings";
import { ImageSettings } from "@/features/organisation/ImageSettings";
import { PlanUse } from "@/features/organisation/PlanUse";

export default function SettingsPage() {
  return (
    <English>
      <Settings />
    </English>
  );
}

function Settings() {
  const flash = useFlash();
  const { enter } = useAccount();
  const canChange = useCan("tenant:write");
  const canExport = useCan("tenant:export");
  const canDelete = useCan("tenant:delete");
  const { data, problem, reload, set } = useRead(getOrganisation);

  const save = async (patch: OrganisationPatch, done: string) => {
    const changed = await changeOrganisation(patch);
    set(() => changed);
    flash.success(done);
    // The bar at the top shows the name, the logo and the colour.
    if (!patch.settings) await enter(() => Promise.resolve());
  };
  const shared = { canChange, onSave: save };
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={canChange ? undefined : "Your role may see these settings, and not change them."}
        >
          Settings
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert problem={problem} header="The settings could not be read" onRetry={() => void reload()} />
        {!data && !problem && <Loading />}
        {data && (
          <SpaceBetween size="l">
            {/* A section starts over from what was saved in it. */}
            <GeneralSettings key={`name ${data.name}`} organisation={data} {...shared} />
            <PlanUse plan={data.plan} />
            <BrandingSettings key={`look ${JSON.stringify(data.branding)}`} branding={data.branding} {...shared} />
            {data.settings && (
              <SpaceBetween size="l">
                <AccessSettings
                  key={`access ${JSON.stringify({ ...data.settings, allowed_images: null })}`}
                  settings={data.settings}
                  {...shared}
                />
                <ImageSettings
                  key={`images ${data.settings.allowed_images.join()}`}
                  settings={data.settings}
                  {...shared}
                />
              </SpaceBetween>
            )}
            {canExport && <DataExport />}
            {canDelete && <DangerZone organisation={data} />}
          </SpaceBetween>
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}
