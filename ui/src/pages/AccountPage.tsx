import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { listMySignIns } from "@/api/account";
import { RouterLink } from "@/components/RouterLink";
import { SectionForm } from "@/components/SectionForm";
import { useRead } from "@/components/useRead";
import { useCan } from "@/features/account/AccountProvider";
import { MySignIns } from "@/features/account/MySignIns";
import { PasswordForm } from "@/features/account/PasswordForm";
import { PreferencesForm } from "@/features/account/PreferencesForm";
import { ProfileForm } from "@/features/account/ProfileForm";

export default function AccountPage() {
  const canManage = useCan("account:write");
  const signIns = useRead(listMySignIns);
  return (
    <ContentLayout header={<Header variant="h1">My account</Header>}>
      <SpaceBetween size="l">
        <ProfileForm />
        <PreferencesForm />
        {canManage && <PasswordForm onChanged={() => void signIns.reload()} />}
        <MySignIns read={signIns} />
        {canManage && (
          <SectionForm title="API keys" description="For scripts and other programs that act as you.">
            <RouterLink href="/api-keys" data-testid="account-api-keys">
              My API keys
            </RouterLink>
          </SectionForm>
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}
