import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import { EmptyState } from "@/components/EmptyState";
import { RouterLink } from "@/components/RouterLink";

export default function NotFoundPage() {
  return (
    <ContentLayout header={<Header variant="h1">Page not found</Header>}>
      <EmptyState
        title="There is nothing here"
        text="The address may be mistyped, or what it led to is gone."
        action={<RouterLink href="/catalog">Go to the catalog</RouterLink>}
      />
    </ContentLayout>
  );
}
