/** Asking a station for something: which button waits, and what went wrong. */
import { useState } from "react";
import { failed } from "@/ui";

export interface Acting {
  /** Which act runs; null: none. */
  readonly busy: string | null;
  readonly act: (name: string, run: () => Promise<unknown>) => void;
}

export function useActing(): Acting {
  const [busy, setBusy] = useState<string | null>(null);
  return {
    busy,
    act: (name, run) => {
      setBusy(name);
      void run()
        .catch(failed)
        .finally(() => setBusy(null));
    },
  };
}
