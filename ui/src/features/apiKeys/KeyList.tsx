import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Toggle from "@cloudscape-design/components/toggle";
import { useState } from "react";
import { listApiKeys, revokeApiKey, type Whose } from "@/api/apiKeys";
import type { ApiKey, Member, NewApiKey } from "@/api/types";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { EmptyState } from "@/components/EmptyState";
import { useFlash } from "@/components/Flash";
import { ProblemAlert } from "@/components/ProblemAlert";
import { useNow } from "@/components/useNow";
import { useRead } from "@/components/useRead";
import { useMe } from "@/features/account/AccountProvider";
import { CreateKeyDialog, type KeyOwner } from "./CreateKeyDialog";
import { isUsable } from "./keyState";
import { KeyTable, type KeyAction } from "./KeyTable";
import { NewKeyDialog } from "./NewKeyDialog";
import { RotateKeyDialog } from "./RotateKeyDialog";

interface Props {
  whose: Whose;
  /** Whose new keys would be; nobody's when they are everybody's. */
  owner: KeyOwner | null;
  people?: readonly Member[] | null;
}

type Dialog =
  | { kind: "create" }
  | { kind: "new"; key: NewApiKey; overlapUntil: string | null }
  | { kind: KeyAction; key: ApiKey }
  | null;

/** API keys with everything that can be done to them: one's own, somebody's or everybody's. */
export function KeyList({ whose, owner, people = null }: Props) {
  const { user, permissions } = useMe();
  const flash = useFlash();
  const now = useNow(30_000);
  const everybody = "all" in whose;
  const { data: keys, problem, reload, set } = useRead(() => listApiKeys(whose), JSON.stringify(whose));
  const [old, setOld] = useState(false);
  const [dialog, setDialog] = useState<Dialog>(null);
  const close = () => setDialog(null);

  const own = owner !== null && owner.id === user.id;
  const service = owner !== null && "kind" in owner && owner.kind === "service";
  const mayCreate = own ? permissions.includes("account:write") : service && permissions.includes("api_keys:write_all");
  const shown = keys?.filter((key) => old || isUsable(key, now)) ?? null;
  const hidden = (keys?.length ?? 0) - (keys?.filter((key) => isUsable(key, now)).length ?? 0);
  const nameOf = (id: string) => {
    const found = people?.find((each) => each.id === id);
    return found ? found.name || found.email : "Somebody who left";
  };
  const actionsOn = (key: ApiKey): readonly KeyAction[] => {
    const mine = key.user_id === user.id;
    const isService = service || people?.find(({ id }) => id === key.user_id)?.kind === "service";
    if (mine ? permissions.includes("account:write") : isService && permissions.includes("api_keys:write_all"))
      return key.replaced_by === null ? ["rotate", "revoke"] : ["revoke"];
    return permissions.includes("api_keys:write_all") ? ["revoke"] : [];
  };
  const added = (key: NewApiKey, overlapUntil: string | null) => {
    setDialog({ kind: "new", key, overlapUntil });
    void reload();
  };

  if (problem && !keys) {
    return <ProblemAlert problem={problem} header="The API keys could not be read" onRetry={() => void reload()} />;
  }
  const create = mayCreate && (
    <Button onClick={() => setDialog({ kind: "create" })} data-testid="create-key">
      Create API key
    </Button>
  );
  return (
    <>
      <KeyTable
        keys={shown}
        ownerOf={everybody ? nameOf : undefined}
        actionsOn={actionsOn}
        onAction={(kind, key) => setDialog({ kind, key })}
        header={
          <Header counter={shown ? `(${shown.length})` : undefined} actions={create}>
            {everybody ? "Everybody's API keys" : "API keys"}
          </Header>
        }
        filters={
          hidden > 0 && (
            <Box padding={{ top: "xxs" }}>
              <Toggle checked={old} onChange={({ detail }) => setOld(detail.checked)}>
                Show expired and revoked ({hidden})
              </Toggle>
            </Box>
          )
        }
        empty={
          <EmptyState
            title="No API keys"
            text={own ? "A key lets a program of yours use the API on your behalf." : "Keys appear here."}
            action={create}
          />
        }
      />
      {dialog?.kind === "create" && owner && (
        <CreateKeyDialog owner={owner} onCancel={close} onCreated={(key) => added(key, null)} />
      )}
      {dialog?.kind === "rotate" && <RotateKeyDialog apiKey={dialog.key} onCancel={close} onRotated={added} />}
      {dialog?.kind === "new" && (
        <NewKeyDialog apiKey={dialog.key} overlapUntil={dialog.overlapUntil} onClose={close} />
      )}
      {dialog?.kind === "revoke" && (
        <ConfirmDialog
          header={`Revoke ${dialog.key.name}?`}
          confirm="Revoke"
          failure="The key was not revoked"
          testId="revoke-key-confirm"
          onCancel={close}
          onConfirm={async () => {
            const { id, name } = dialog.key;
            await revokeApiKey(id);
            set((before) => before.map((key) => (key.id === id ? { ...key, state: "revoked" } : key)));
            flash.success(`${name} was revoked.`);
            close();
          }}
        >
          <Box>Whatever uses this key is refused from its next request on. This cannot be undone.</Box>
        </ConfirmDialog>
      )}
    </>
  );
}

/** The keys of whoever is signed in. */
export function OwnKeys() {
  const { user } = useMe();
  return <KeyList whose={{}} owner={{ id: user.id, name: user.name, role: user.role as KeyOwner["role"] }} />;
}
