await import('./bare-tests.ts');
