"""The generated parts of docs/ and .env.example: `python -m service.docs` writes them anew from the code."""
