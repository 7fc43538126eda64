"""A small corpus with identifiers in it, and with what looks like them and is none.

Every identifier stands in double brackets with its kind: [[phone|404-233-4567]]. Everything else is a distractor. The
lines from PHONE INTAKE on were written after the detectors, in the manner of real notes: 26 of their 27 identifiers
were found at first, with one false alarm, which still is one.
"""

from __future__ import annotations

import re

from annotation.checks.personal import Span

SENTENCES = """
Write to [[email|tomasz.wieczorek@fultonmail.com]] or to [[email|t_w+case@law.example.co.uk]], not to @tomasz.
Her son uses [[email|o'brien.j@uni-koeln.de]]; the logo is logo@2x.png and the price 3 @ $5.00 each.
Contact: <[[email|intake@lindqvist-law.com]]>. The handle user@localhost is the server's own.
Call her at [[phone|404-233-4567]] after 4, or at the mill on [[phone|(706) 278-1234]].
He left [[phone|+49 30 901820]] as his sister's number, and [[phone|+44 20 7946 0958]] for London.
Cell: [[phone|7702334567]]; the ticket number is 7702334567 too, which is chance.
Fax [[phone|1-800-275-2273]], reached by phone on [[phone|912.233.4567]] the next day.
Rang [[phone|678-233-4567 ext. 12]] twice. Statutes: O.C.G.A. 44-7-13, 44-7-34 and 15 USC 1692g.
The order no. 404-233-4567 came late, and part number 770 233 4567 never did.
Rent of 1,385.00 from 2024-03-01 to 2025-03-01; 12.03.2025 at 14:30; $2,334,567 in dispute.
Invoices 2023-0041, 2023-0042 and 100-200-3000 are unpaid. Score 101-202-3030 means nothing.
SSN [[ssn|219-45-6789]], as on the form; her father's is [[ssn|321 54 9876]], he says. No social security there.
Social security number: [[ssn|536229876]]. The ZIP is 30303-1234 and the form 1099-12-2024.
Numbers such as 000-12-3456, 666-12-3456, 912-34-5678 and 219-00-6789 are nobody's.
Claim no. 219-45-6780 was denied; policy number 321-54-9871 lapsed.
She paid with [[card|4111 1111 1111 1111]] and then with [[card|5555-5555-5555-4444]].
The card on file was [[card|378282246310005]]; the Discover one [[card|6011000990139424]].
Neither 4111 1111 1111 1112 nor 5555-5555-5555-4445 is a card. IMEI 352099001761481 is a telephone.
Tracking number 4111111111111111 is no card either, and 1234 5678 9012 3456 is a pattern.
Transfer to [[iban|DE89 3704 0044 0532 0130 00]] or [[iban|GB29NWBK60161331926819]] by Friday.
Her account in Paris is [[iban|FR14 2004 1010 0505 0001 3M02 606]]; in Utrecht [[iban|NL91ABNA0417164300]] now.
DE89 3704 0044 0532 0130 01 was mistyped, as was GB29NWBK60161331926818. Flight DL12 3456 left at 9.
Theo, born [[birth|2 Oct 2024]], weighs 10 lb. DOB: [[birth|3/14/1985]]. Date of birth [[birth|1985-03-14]].
Anna wurde am 3. Mai 1980 eingestellt, geboren am [[birth|14.03.1961]]. Marie, née le [[birth|3 mars 1990]].
Patient ([[birth|07/04/62]], DOB) came on 5/6/2025. He was born on [[birth|March 9th, 1971]] in Macon.
She was born in a car, on the way, and on 9 March 2024 it was sold. DOB 13/45/1985 is no day.
A star was born. The birth certificate is dated 1 May 2020. Born and bred here since 2001.
Case No. [[docket|2023CV378123]] is open; so is [[docket|1:21-cv-04567-ABC]] in the district court.
Docket number [[docket|SU-22-1187]]; Civil Action File No. [[docket|24-A-01234-5]] was dismissed.
Case #[[docket|STCV2400123]] and [[docket|21-CR-00456]] were joined. In case no 24 hours' notice is given, call.
In each case number two wins. Case No. 2 of this list. Title 18, rule 26-1 and form CV-12 apply.
Counsel: Ruth Lindqvist, Georgia Bar No. [[bar|453219]]; State Bar number [[bar|TX24031234]]; SBN [[bar|123456]].
The bar 4532 yards away, bar code 4532190, and barcode no. 453219 are no lawyers. Attorney #[[bar|0078123]] is.
MRN [[record|00482913]]; medical record no. [[record|A-4482913]]; Patient ID: [[record|99120045]].
Patient 12 of 30 was seen. The chart 2024 shows it. His record: 12-4. Chart #[[record|558120]] does not.
He lives at [[address|417 Residence Ave]], she at [[address|19 N. Rosehill Drive, Apt 4B]], since May.
Mail to [[address|1200 Peachtree Street NE, Suite 300, Atlanta, GA 30309]] or [[address|P.O. Box 1187]], please.
Die Wohnung liegt in der [[address|Hauptstraße 12a]]; das Büro [[address|12 rue de la Paix]], Paris.
En la [[address|Calle de Alcalá, 50]] vive su hermano; in [[address|Via Garibaldi 5]] la madre.
Hit on Walnut Ave in Dalton. In 2024 Fulton County Superior Court ruled. On March 3 Walnut Street was closed.
There were 30 Superior Court judges, 12 Days Way too late, 4 people on the road and 2 streets on. The 5 of them drive.
[[address|55 Martin Luther King Blvd]] is where the 3 tenants met at 55 percent of the rent.
PHONE INTAKE – Desiree Okafor, d/b/a Okafor Hair.
Cell is [[phone|404.862.1190]], wk [[phone|(770)555-8841]], email [[email|desiree_okafor88@gmail.com]].
Lives @ [[address|2208 Old Norcross Road]] Lawrenceville w/ her mother. DOB [[birth|11-02-1988]]. SSN ending 4471.
Def's counsel is P. Marchetti, Ga. Bar No. [[bar|470112]], [[address|191 Peachtree St NE, Ste 3300]], Atlanta.
Filed in Gwinnett State Court, CAFN [[docket|23-C-04411-S2]], and removed as No. [[docket|1:24-cv-00912-MHC]].
Amex [[card|3782 822463 10005]] was charged $1,299.00 on 02/11/2025 and $1,299.00 on 02/12/2025. Auth code 448219.
The hospital chart (MRN # [[record|7719034]]) says discharge 3/2/25 at 14:20; BP 120/80; acct balance 4,410.22.
Wire the deposit to [[iban|ES91 2100 0418 4502 0005 1332]], BIC CAIXESBB. Swift ref 20250311-998877.
His social is [[ssn|412-55-0198]]. The EIN of the shop is 58-2214471. Badge 10-4471.
Text her at [[phone|678 555 0144]]; don't ring the landline [[phone|706-555-0170]]. Room 404, floor 12, lot 2200-4411-9.
Plaintiff was born [[birth|January 7, 1959]] in Valdosta. Trial set for January 7, 2026. Born 1959, he says. 
Reply to [[email|k.lindqvist@law-office.example.org]] (cc: clerk AT fulton DOT gov). See www.fultonclerk.org/case/2231.
Deed Book 4412, Page 118; Parcel ID 14-0021-0003-044-1; Land Lot 2204, 11th District. Plat 12 page 4.
VIN 1HGCM82633A004352, tag RBX 4412. Policy 88-4412-9911-02, adj. file 0044-119-2218.
Notice mailed certified 7019 2970 0001 4412 8890 to the LLC at [[address|P.O. Box 4410]], Macon.
Ms. Tran ([[birth|4/9/1977]], DOB) rents [[address|88 E. Broad Street, Apt. 12C]].
12 Broad jumps took place. Rent was due 04/09.
Docket No. [[docket|A24A0117]], 368 Ga. App. 112, 893 S.E.2d 441 (2023). Cf. 42 U.S.C. 1983, 29 CFR 825.110.
He owes $12,404.55; the 5 invoices of 10/1/2024-12/1/2024 total 1 404 862 units. Ratio 4111-1111.
Attorney No. [[bar|0091182]] signed. Barred since 2019 by the statute; bar tab $440. Raise the bar no higher than 4000.
Patient was 44. Patient number [[record|20044187]] was hers. Records 2019 to 2024 requested, 3 pages each.
Case number: [[docket|CV-2024-000871]]. Cause No. [[docket|D-1-GN-23-004417]]. In any case number 3 was late.
Drove down 441 South to Court Street. 3 Drive-by visits. At 5 Points Square they met. 20 Park rangers; 6 Lane closures.
Tel. [[phone|+1 (912) 555-0133]] or WhatsApp [[phone|+52 55 1234 5678]].
Version 2.10.404.5551 of the app. IP 192.168.100.200.
"""
_MARKED = re.compile(r"\[\[(\w+)\|(.*?)\]\]")


def corpus() -> tuple[str, set[tuple[str, int, int]]]:
    """The text without its marks, and what is planted in it."""
    text, planted, last = "", set(), 0
    for match in _MARKED.finditer(SENTENCES):
        text += SENTENCES[last : match.start()]
        planted.add((match[1], len(text), len(text) + len(match[2])))
        text += match[2]
        last = match.end()
    return text + SENTENCES[last:], planted


def told(spans: list[Span]) -> set[tuple[str, int, int]]:
    return {(span.kind, span.start, span.end) for span in spans}
