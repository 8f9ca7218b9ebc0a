import Box from "@cloudscape-design/components/box";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Popover from "@cloudscape-design/components/popover";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import type { ApiKey } from "@/api/types";
import { Ago } from "@/components/Ago";
import { DataList, type Column } from "@/components/DataList";
import { Muted } from "@/components/Muted";
import { useNow } from "@/components/useNow";
import styles from "./apiKeys.module.css";
import { isUsable, keyState, lookOf } from "./keyState";
import { inShort } from "./scopes";

export type KeyAction = "rotate" | "revoke";

interface Props {
  keys: readonly ApiKey[] | null;
  header: ReactNode;
  filters?: ReactNode;
  empty: ReactNode;
  /** Who holds a key, where keys of several are listed. */
  ownerOf?: ((userId: string) => string) | undefined;
  /** What may be done to this key by whoever looks at it. */
  actionsOn: (key: ApiKey) => readonly KeyAction[];
  onAction: (action: KeyAction, key: ApiKey) => void;
}

const TEXTS: Readonly<Record<KeyAction, string>> = { rotate: "Rotate…", revoke: "Revoke…" };

export function KeyTable({ keys, header, filters, empty, ownerOf, actionsOn, onAction }: Props) {
  const now = useNow(30_000);
  const owner: Column<ApiKey>[] = ownerOf
    ? [
        {
          id: "owner",
          header: "Owner",
          cell: ({ user_id }) => ownerOf(user_id),
          sort: ({ user_id }) => ownerOf(user_id),
          minWidth: 130,
        },
      ]
    : [];
  const columns: Column<ApiKey>[] = [
    {
      id: "title",
      header: "Name",
      cell: (key) => (
        <div data-testid={`key-${key.id}`}>
          {key.name}
          <Box color="text-body-secondary" fontSize="body-s">
            <code>{key.hint}</code>
          </Box>
        </div>
      ),
      sort: ({ name }) => name,
      minWidth: 150,
    },
    ...owner,
    { id: "scopes", header: "Scopes", cell: (key) => <Scopes apiKey={key} />, minWidth: 180 },
    {
      id: "state",
      header: "State",
      cell: (key) => {
        const state = keyState(key, now);
        return (
          <span data-testid="key-state" data-state={state}>
            <StatusIndicator type={lookOf(state).type}>{lookOf(state).label}</StatusIndicator>
          </span>
        );
      },
      sort: (key) => keyState(key, now),
      minWidth: 150,
    },
    {
      id: "expires",
      header: "Expires",
      cell: ({ expires_at }) => <Ago time={expires_at} />,
      sort: ({ expires_at }) => Date.parse(expires_at),
      minWidth: 110,
    },
    {
      id: "used",
      header: "Last use",
      cell: ({ last_used_at, last_used_ip }) =>
        last_used_at ? (
          <>
            <Ago time={last_used_at} />
            {last_used_ip && (
              <Box color="text-body-secondary" fontSize="body-s">
                from {last_used_ip}
              </Box>
            )}
          </>
        ) : (
          <Muted>Never</Muted>
        ),
      sort: ({ last_used_at }) => (last_used_at ? -Date.parse(last_used_at) : null),
      minWidth: 130,
    },
    {
      id: "actions",
      header: "Actions",
      cell: (key) => {
        const actions = isUsable(key, now) ? actionsOn(key) : [];
        if (actions.length === 0) return null;
        return (
          <span data-testid={`key-menu-${key.id}`}>
            <ButtonDropdown
              items={actions.map((id) => ({ id, text: TEXTS[id] }))}
              onItemClick={({ detail }) => onAction(detail.id as KeyAction, key)}
              ariaLabel={`Actions for ${key.name}`}
              expandToViewport
            >
              Actions
            </ButtonDropdown>
          </span>
        );
      },
      minWidth: 165,
    },
  ];
  return (
    <DataList
      label="API keys"
      items={keys}
      columns={columns}
      text={({ name, hint, scopes, user_id }) => [name, hint, ...scopes, ownerOf?.(user_id) ?? ""].join(" ")}
      search="Find API keys"
      sortedBy="title"
      header={header}
      filters={filters}
      empty={empty}
    />
  );
}

function Scopes({ apiKey }: { apiKey: ApiKey }) {
  const { scopes } = apiKey;
  if (scopes.length <= 2) return inShort(scopes);
  return (
    <Popover
      header={`${scopes.length} scopes`}
      content={
        <ul className={styles.list}>
          {scopes.map((scope) => (
            <li key={scope}>{scope}</li>
          ))}
        </ul>
      }
    >
      {inShort(scopes)}
    </Popover>
  );
}
