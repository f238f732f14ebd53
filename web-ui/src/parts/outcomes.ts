/** How the end of a call looks. */
import CircleX from "@lucide/svelte/icons/circle-x";
import Phone from "@lucide/svelte/icons/phone";
import PhoneMissed from "@lucide/svelte/icons/phone-missed";
import PhoneOff from "@lucide/svelte/icons/phone-off";

export const OUTCOMES = {
  answered: { icon: Phone, tone: "bg-good-soft text-good" },
  missed: { icon: PhoneMissed, tone: "bg-warn-soft text-warn" },
  busy: { icon: PhoneOff, tone: "bg-warn-soft text-warn" },
  failed: { icon: CircleX, tone: "bg-bad-soft text-bad" },
} as const;
