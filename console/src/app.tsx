import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { api, onServerBack, Problem, queries, signedIn, signedOut, take, useSession } from "@/api";
import { startFleet, startLive } from "@/live";
import { Router, useAddress } from "@/route";
import { colorSchemes } from "@/shell/colors.ts";
import { Lost } from "@/shell/Lost.tsx";
import { Wall } from "@/shell/Pages.tsx";
import { Shell } from "@/shell/Shell.tsx";
import { theme, variables } from "@/theme.ts";
import { usePrinting } from "@/ui/printing.ts";

const SignInPage = lazy(() => import("@/shell/SignIn.tsx"));

/** The server's content security policy lets in only styles that carry it. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
// What locks the page's scrolling behind a dialog asks for it under this name.
Object.assign(globalThis, { __webpack_nonce__: nonce });

/** The server says with the page whether anybody is signed in: then a question that can only be answered 401 is not asked. */
const nobody = document.querySelector<HTMLMetaElement>('meta[name="voltloom-session"]')?.content === "none";

async function whoAmI(): Promise<void> {
  try {
    signedIn(await take(api.GET("/api/v1/session")));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) signedOut();
  }
}

function Door() {
  const session = useSession();
  useEffect(() => {
    startLive();
    startFleet();
    if (nobody) signedOut();
    else void whoAmI();
    return onServerBack(() => void whoAmI());
  }, []);
  switch (session.is) {
    case "unknown":
      return <Lost />;
    case "nobody":
      return (
        <Suspense>
          <SignInPage />
        </Suspense>
      );
    default:
      return <Shell />;
  }
}

const schemes = colorSchemes();

export function App() {
  const printing = usePrinting();
  return (
    <MantineProvider {...(printing ? { forceColorScheme: "light" } : {})} theme={theme} cssVariablesResolver={variables} getStyleNonce={() => nonce} colorSchemeManager={schemes} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <Wall>
          <Router hook={useAddress}>
            <Door />
          </Router>
        </Wall>
      </QueryClientProvider>
    </MantineProvider>
  );
}
