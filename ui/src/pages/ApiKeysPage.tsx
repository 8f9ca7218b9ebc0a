import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Tabs, { type TabsProps } from "@cloudscape-design/components/tabs";
import { useSearchParams } from "react-router";
import { listMembers } from "@/api/members";
import type { Member } from "@/api/types";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useRead } from "@/components/useRead";
import { useMe } from "@/features/account/AccountProvider";
import { KeyList, OwnKeys } from "@/features/apiKeys/KeyList";
import { ServiceAccountList } from "@/features/apiKeys/ServiceAccountList";

const FIRST = "mine";

export default function ApiKeysPage() {
  const { permissions } = useMe();
  const [search, setSearch] = useSearchParams();
  const everybodys = permissions.includes("api_keys:read_all");
  const seesPeople = permissions.includes("users:read");
  const people = useRead(() => listMembers("person"), everybodys && seesPeople ? "" : null);
  const accounts = useRead(() => listMembers("service"), seesPeople ? "" : null);
  const put = (account: Member) => accounts.set((before) => [...before.filter(({ id }) => id !== account.id), account]);

  const tabs: TabsProps.Tab[] = [{ id: FIRST, label: "My keys", content: <OwnKeys /> }];
  if (everybodys) {
    tabs.push({
      id: "everybody",
      label: "Everybody's keys",
      content: (
        <KeyList
          whose={{ all: true }}
          owner={null}
          people={people.data && accounts.data ? [...people.data, ...accounts.data] : null}
        />
      ),
    });
  }
  if (seesPeople) {
    tabs.push({
      id: "service-accounts",
      label: "Service accounts",
      content: accounts.problem ? (
        <ProblemAlert
          problem={accounts.problem}
          header="The service accounts could not be read"
          onRetry={() => void accounts.reload()}
        />
      ) : (
        <ServiceAccountList
          accounts={accounts.data}
          onChanged={put}
          onRemoved={(removed) => accounts.set((before) => before.filter(({ id }) => id !== removed.id))}
        />
      ),
    });
  }
  const wanted = search.get("tab");
  const active = tabs.some(({ id }) => id === wanted) ? wanted : FIRST;
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="Keys let programs use the API, with no more than the scopes you give them.">
          API keys
        </Header>
      }
    >
      {tabs.length === 1 ? (
        <OwnKeys />
      ) : (
        <Tabs
          ariaLabel="API keys and service accounts"
          activeTabId={active ?? FIRST}
          onChange={({ detail }) =>
            setSearch(detail.activeTabId === FIRST ? {} : { tab: detail.activeTabId }, { replace: true })
          }
          tabs={tabs}
        />
      )}
    </ContentLayout>
  );
}
