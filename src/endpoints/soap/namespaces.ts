export const soap11 = 'http://schemas.xmlsoap.org/soap/envelope/'
export const soap12 = 'http://www.w3.org/2003/05/soap-envelope'
export const xsi = 'http://www.w3.org/2001/XMLSchema-instance'
/** Header block in which WSO2's clients name the user, beside the header of HTTP. */
export const mutualSsl = 'http://mutualssl.carbon.wso2.org'
/** Of the element in which a fault says what of ours it is, and what to do about it. */
export const problem = 'urn:countersign:problem'
