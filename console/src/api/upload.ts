/** A file to the server, with how far it is: `fetch` does not say, so this is the one place that uses XMLHttpRequest. */
import { Problem } from "./problems.ts";
import { serverAnswered, serverLost } from "./server.ts";
import { csrfToken, sessionExpired } from "./session.ts";

export interface Upload<D> {
  readonly answer: Promise<D>;
  readonly stop: () => void;
}

interface Got {
  readonly status: number;
  readonly body: unknown;
}

function put(request: XMLHttpRequest, path: string, file: Blob, onProgress: (sent: number) => void): Promise<Got> {
  return new Promise((resolve, reject) => {
    request.open("PUT", path);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.responseType = "text";
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => {
      serverAnswered();
      let body: unknown = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // Not JSON: from a proxy perhaps. The status says enough.
      }
      resolve({ status: request.status, body });
    };
    request.onerror = () => {
      serverLost();
      reject(Problem.lost(new Error("the connection broke")));
    };
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.send(file);
  });
}

/** The answer is the document, or a Problem is thrown. onProgress: bytes that were sent, of `file.size`. */
export function upload<D>(path: string, file: Blob, onProgress: (sent: number) => void): Upload<D> {
  let request = new XMLHttpRequest();
  const answer = (async (): Promise<D> => {
    let got = await put(request, path, file, onProgress);
    if (got.status === 401 && (await sessionExpired())) {
      request = new XMLHttpRequest();
      got = await put(request, path, file, onProgress);
    }
    if (got.status < 200 || got.status >= 300) throw Problem.of(got.status, got.body);
    return got.body as D;
  })();
  return { answer, stop: () => request.abort() };
}
