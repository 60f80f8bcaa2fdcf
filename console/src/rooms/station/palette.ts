/** The few words that are needed before the page is: they are in the first bundle. */
import { inLanguages } from "@/i18n";

export const words = inLanguages({
  en: {
    "station.palette.messages": "Messages of {id}",
    "station.palette.reset": "Reset {id}",
    "station.palette.availability": "Take {id} in or out of service",
    "station.palette.history": "History of {id}",
    "station.palette.edit": "Edit {id}",
  } as const,
  de: {
    "station.palette.messages": "Nachrichten von {id}",
    "station.palette.reset": "{id} neu starten",
    "station.palette.availability": "{id} in oder außer Betrieb nehmen",
    "station.palette.history": "Verlauf von {id}",
    "station.palette.edit": "{id} bearbeiten",
  },
});
