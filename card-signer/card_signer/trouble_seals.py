"""The rows about electronic seals and the files that they are put on."""

from card_signer.trouble_rows import Row

_ASK_MAKER = ("请联系制章单位", "ask who made the seal")

SEALS: tuple[Row, ...] = (
    Row(
        "PDF",
        "此PDF文件不能签章：{what}",
        "this PDF file cannot be sealed or read: {what}",
        "请让网站重新生成文件",
        "have the site make the file anew",
    ),
    Row(
        "NO_SEAL",
        "没有属于此卡的电子印章",
        "there is no electronic seal of this card",
        "请将制章单位提供的印章文件放入设置 seals 所指的文件夹",
        "put the file that the seal's maker gave you into the folder that the setting seals names",
    ),
    Row(
        "SEAL_FILES",
        "印章文件无法使用：{what}",
        "the seals' files cannot be used: {what}",
        "请检查设置 seals、seal_makers 所指的文件",
        "check the files that the settings seals and seal_makers name",
    ),
    Row(
        "NOT_SEALED",
        "文件上没有电子签章",
        "nothing is sealed on this file",
        "请核对文件",
        "check the file",
    ),
    Row(
        "SEAL_FORMAT",
        "印章或签章数据不符合GB/T 38540",
        "the seal, or what was sealed, is not as GB/T 38540 says",
        *_ASK_MAKER,
    ),
    Row(
        "SEAL_SIGNATURE",
        "印章或签章的数字签名无效",
        "the signature of the seal, or of what was sealed, does not fit",
        *_ASK_MAKER,
    ),
    Row(
        "SEAL_HOLDER",
        "印章不属于持卡人",
        "the seal is not the card holder's",
        "请选择本人的印章，或插入印章所属的卡",
        "choose your own seal, or insert the card that it belongs to",
    ),
    Row(
        "SEAL_TIME",
        "印章不在有效期内",
        "the seal is not valid at this time",
        *_ASK_MAKER,
    ),
    Row(
        "SEAL_MAKER",
        "印章不是受信任的制章单位制作的",
        "the seal was made by none of the trusted makers",
        *_ASK_MAKER,
    ),
    Row(
        "SEAL_CONTENT",
        "文件在签章后被改动",
        "the file was changed after it was sealed",
        "请勿使用此文件，向发送方索取原件",
        "do not use it; ask who sent it for the original",
    ),
)
