import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import type { ReactNode } from "react";
import { EmptyState } from "@/components/EmptyState";
import { RouterLink } from "@/components/RouterLink";
import { useMe } from "./AccountProvider";

interface Props {
  /** What the page is called. */
  title: string;
  /** Any of these permissions opens it. */
  needs: readonly string[];
  children: ReactNode;
}

/** A page for some roles only. Others who follow a link to it are told why it is closed. */
export function Permitted({ title, needs, children }: Props) {
  const { permissions, user } = useMe();
  if (needs.some((need) => permissions.includes(need))) return children;
  return (
    <ContentLayout header={<Header variant="h1">{title}</Header>}>
      <div data-testid="not-permitted">
        <EmptyState
          title="Your role does not open this page"
          text={`You are signed in as ${user.role}. An administrator of your organisation can change that.`}
          action={<RouterLink href="/catalog">Go to the catalog</RouterLink>}
        />
      </div>
    </ContentLayout>
  );
}
