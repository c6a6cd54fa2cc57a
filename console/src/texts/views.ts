export const viewTexts = {
  views: {
    title: 'Views',
    label: 'Saved views',
    save: 'Save this view …',
    saveTitle: 'Save this view',
    saveSubmit: 'Save it',
    about: 'The filter, as it is now, kept in this browser. To give it to others, copy the address.',
    name: 'Name of the view',
    remove: (name: string) => `Remove the view ${name}`,
  },
} as const;
