export const configurationTexts = {
  configuration: { title: 'Configuration' },
} as const;
