import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { liveClient } from './app/live.ts'
import { queryClient } from './app/query-client.ts'
import './styles.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html: expected an element with the id "root", found none')
liveClient.start()
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
