"""The roads to models: one codec for each provider, one seam to the network.

Law: a gateway writes requests and reads records and does no I/O; only `transport`
knows an HTTP library. Importing this loads no HTTP library.
"""

from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.choose import default_model
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.gateways.embeddings_gateway import EmbeddingsGateway
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway

__all__ = [
    "AnthropicGateway",
    "DemoGateway",
    "EmbeddingsGateway",
    "LLMGateway",
    "OllamaGateway",
    "OpenAIGateway",
    "default_model",
]
