"""What the alarms about an unreadable structure say in Chinese, without technical details."""

from __future__ import annotations

CHINESE = {
    "cycle": "文件内部引用成环，无法读取",
    "duplicate-entry": "交叉引用表中同一对象出现两次",
    "duplicate-key": "同一字典中同一键出现两次",
    "limits": "文件超出检查限度，无法判断",
    "linearization": "文件内声明的长度与实际版本不符，不同的阅读软件会看到不同的内容",
    "no-end": "文件结尾不完整",
    "odd-reference": "文件中有写法异常的引用，不同的阅读软件会看到不同的内容",
    "renamed-field": "签名域的名称被改动",
    "stream-length": "数据流的长度不对",
    "syntax": "文件结构损坏",
    "unknown-filter": "数据流使用了未知的编码",
    "usage-rights": "文件带有使用权限签名，它与内容无关",
    "xref": "交叉引用损坏",
}
