"""Electronic seals on PDF files (GB/T 38540-2020): the file is shown, agreed to, sealed."""
