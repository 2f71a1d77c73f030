"""Fronts for agent frameworks: one module each, and one extra to install what it needs.

| module | of | extra |
|---|---|---|
| `langchain` | tools for LangChain agents | `cloche[langchain]` |
| `deepagents` | a sandbox backend | `cloche[deepagents]` |
| `openai_agents` | function tools and a sandbox client | `cloche[openai-agents]` |
| `smolagents` | an executor of a `CodeAgent`'s Python | `cloche[smolagents]` |
| `pydantic_ai` | a toolset | `cloche[pydantic-ai]` |

Each can be imported without its framework; using it then is an ImportError that says what to
install.
"""
