"""Both ways with two other implementations: signxml, and libxmlsec1 (library and command)."""

import shutil
import subprocess
from pathlib import Path

import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from libs.messages.partners import XML
from libs.signing import sign_xml, verify
from libs.signing.pki import Issued
from tests.support.people import OPERATOR, People, a_document, now

DS = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
SUITES = pytest.mark.parametrize("rsa_bits", [None, 2048], ids=["ecdsa", "rsa"])


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    return People(tmp_path_factory.mktemp("pki"))


def issue(people: People, rsa_bits: int | None) -> Issued:
    return people.authority.issue(OPERATOR, rsa_bits=rsa_bits)


@SUITES
def test_signxml_verifies_ours(people: People, rsa_bits: int | None) -> None:
    card = issue(people, rsa_bits)
    result = XMLVerifier().verify(
        sign_xml(a_document(), card.signer),
        x509_cert=card.certificate,
        expect_config=SignatureConfiguration(location="./"),
    )
    assert not isinstance(result, list)
    assert result.signed_xml is not None
    assert result.signed_xml.tag.endswith("SubmitCargoProposal")


@SUITES
@pytest.mark.parametrize("prefix", ["ds", "dsig", None])
def test_we_verify_signxml(people: People, rsa_bits: int | None, prefix: str | None) -> None:
    card = issue(people, rsa_bits)
    method = SignatureMethod.RSA_SHA256 if rsa_bits else SignatureMethod.ECDSA_SHA256
    signer = XMLSigner(c14n_algorithm=EXC_C14N, signature_algorithm=method)
    signer.namespaces = {prefix: DS}  # type: ignore[dict-item]  # None: the default namespace
    signed = signer.sign(
        etree.fromstring(a_document()),
        key=card.key,
        cert=[card.certificate],
        always_add_key_value=False,
    )
    assert verify(etree.tostring(signed), XML, None, people.trust, now()).verdict.reason == "OK"


def _manager(people: People) -> xmlsec.KeysManager:
    manager = xmlsec.KeysManager()
    manager.load_cert(
        str(people.ca), xmlsec.constants.KeyDataFormatPem, xmlsec.constants.KeyDataTypeTrusted
    )
    return manager


@SUITES
def test_xmlsec_verifies_ours(people: People, rsa_bits: int | None) -> None:
    root = etree.fromstring(sign_xml(a_document(), issue(people, rsa_bits).signer))
    context = xmlsec.SignatureContext(_manager(people))  # type: ignore[call-arg]  # stub
    signature = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
    assert signature is not None
    context.verify(signature)


@SUITES
@pytest.mark.parametrize("prefix", ["ds", None])
def test_we_verify_xmlsec(people: People, rsa_bits: int | None, prefix: str | None) -> None:
    card = issue(people, rsa_bits)
    root = etree.fromstring(a_document())
    method = (
        xmlsec.constants.TransformRsaSha256 if rsa_bits else xmlsec.constants.TransformEcdsaSha256
    )
    signature = xmlsec.template.create(root, xmlsec.constants.TransformExclC14N, method, ns=prefix)
    root.append(signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.constants.TransformSha256, uri="")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    data = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.template.x509_data_add_certificate(data)
    context = xmlsec.SignatureContext()
    pem = card.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(card.certificate_pem(), xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)
    verdict = verify(etree.tostring(root), XML, None, people.trust, now()).verdict
    assert verdict.reason == "OK", verdict.detail


@SUITES
@pytest.mark.skipif(not shutil.which("xmlsec1"), reason="the xmlsec1 command is not installed")
def test_the_xmlsec1_command_verifies_ours(
    people: People, rsa_bits: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "signed.xml"
    path.write_bytes(sign_xml(a_document(), issue(people, rsa_bits).signer))
    command = ["xmlsec1", "--verify", "--trusted-pem", str(people.ca)]
    if (
        "lax-key-search"
        in subprocess.run(
            ["xmlsec1", "--help-verify"], capture_output=True, text=True, check=False
        ).stdout
    ):
        command.append("--lax-key-search")
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@SUITES
@pytest.mark.skipif(not shutil.which("xmlsec1"), reason="the xmlsec1 command is not installed")
def test_we_verify_the_xmlsec1_command(
    people: People, rsa_bits: int | None, tmp_path: Path
) -> None:
    card = issue(people, rsa_bits)
    card.save(tmp_path / "card.key", tmp_path / "card.pem")
    template = sign_xml(a_document(), card.signer)
    root = etree.fromstring(template)
    for name in ("DigestValue", "SignatureValue", "X509Certificate"):
        for element in root.iter(f"{{{DS}}}{name}"):
            element.text = None
    (data,) = root.iter(f"{{{DS}}}X509Data")
    for child in list(data):
        data.remove(child)
    etree.SubElement(data, f"{{{DS}}}X509Certificate")
    path, out = tmp_path / "template.xml", tmp_path / "signed.xml"
    path.write_bytes(etree.tostring(root))
    key = f"{tmp_path / 'card.key'},{tmp_path / 'card.pem'}"
    command = ["xmlsec1", "--sign", "--privkey-pem", key, "--output", str(out), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    verdict = verify(out.read_bytes(), XML, None, people.trust, now()).verdict
    assert verdict.reason == "OK", verdict.detail
