export const en = {
  "password.title": "Choose a password",
  "password.link": "You came with a one-time link. A password lets you in the next time.",
  "password.old": "Old password",
  "password.new": "New password",
  "password.rule": "15 characters or more: a few words that do not belong together are good.",
  "password.keep": "Keep it",
  "password.others": "Your other sessions end.",
  "password.done": "The new password is kept. Your other sessions have ended.",
} as const;
