"""placeholder until charsets land"""
class Charset:
    def __init__(self, label, xml=False): self.masks=False
    def decode(self, d): return d
    def finish(self): return b""
    def mask(self,d,f): return d
    def text(self, raw): return raw.decode("utf-8","replace")
    def encode(self,b): return b
    def encode_pieces(self,p): return b"".join(p)
